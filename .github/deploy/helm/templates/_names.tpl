{{- define "quorate.labels" -}}
app.kubernetes.io/name: quorate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
{{- define "quorate.secret" -}}
{{ .Values.auth.existingSecret | default .Release.Name }}
{{- end -}}

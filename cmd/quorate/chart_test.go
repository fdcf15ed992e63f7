package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"go.yaml.in/yaml/v3"
)

// chart renders the chart as Helm does, which renders with text/template, too: with those of
// its functions that the chart uses. Helm's engine itself would bring a hundred modules. Where the
// helm program is installed, a test compares the two.
func chart(t *testing.T, values string) (map[string]any, error) {
	t.Helper()
	var all, given, about map[string]any
	for text, into := range map[string]*map[string]any{readFile(t, deployed("helm", "values.yaml")): &all, values: &given, readFile(t, deployed("helm", "Chart.yaml")): &about} {
		if err := yaml.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	merge(all, given)
	data := map[string]any{
		"Values": all, "Chart": map[string]any{"AppVersion": about["appVersion"]}, "Release": map[string]any{"Name": "q", "Namespace": "data"},
	}
	set := template.New("")
	toYAML := func(v any) string {
		text, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(string(text), "\n")
	}
	set.Funcs(template.FuncMap{
		"include": func(name string, data any) (string, error) {
			var b strings.Builder
			err := set.ExecuteTemplate(&b, name, data)
			return b.String(), err
		},
		"required": func(what string, v any) (any, error) {
			if v == nil || v == "" {
				return nil, errors.New(what)
			}
			return v, nil
		},
		"default": func(fallback, v any) any {
			if v == nil || v == "" {
				return fallback
			}
			return v
		},
		"nindent": func(n int, text string) string {
			margin := "\n" + strings.Repeat(" ", n)
			return margin + strings.ReplaceAll(text, "\n", margin)
		},
		"quote":   func(v any) string { return fmt.Sprintf("%q", fmt.Sprint(v)) },
		"sub":     func(a, b int) int { return a - b },
		"trimAll": func(cut, text string) string { return strings.Trim(text, cut) },
		"toYaml":  toYAML,
		"toJson": func(v any) (string, error) {
			text, err := json.Marshal(v)
			return string(text), err
		},
	})
	paths, err := filepath.Glob(deployed("helm", "templates", "*"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		template.Must(set.New(filepath.Base(path)).Parse(readFile(t, path)))
	}
	var b strings.Builder
	for _, path := range paths {
		if filepath.Ext(path) == ".tpl" {
			continue
		}
		b.WriteString("\n---\n")
		if err := set.ExecuteTemplate(&b, filepath.Base(path), data); err != nil {
			return nil, err
		}
	}
	return documents(t, b.String()), nil
}

// merge puts values over others.
func merge(into, from map[string]any) {
	for key, value := range from {
		below, isMap := value.(map[string]any)
		if old, wasMap := into[key].(map[string]any); isMap && wasMap {
			merge(old, below)
			continue
		}
		into[key] = value
	}
}

const (
	fewValues  = "auth: {password: a, peerSecret: 'b\"c'}\n"
	manyValues = `
replicas: 5
auth: {existingSecret: mine}
quorums: {replicas: 5, read: 3, write: 3}
settings: {durability: interval, hint-bytes: 1073741824, chaos: true}
env: [{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: "http://collector:4318"}, {name: QUORATE_TRACING_RATIO, value: "0.5"}]
storage: {className: fast, size: 1Ti}
antiAffinity: required
nodeSelector: {disk: fast}
tolerations: [{key: data, operator: Exists}]
image: {tag: "1.2.3"}
`
)

// TestChart_Pods_StartServersThatKnowTheirSettings gives the container's variables and
// arguments to the program.
func TestChart_Pods_StartServersThatKnowTheirSettings(t *testing.T) {
	for name, values := range map[string]string{"few": fewValues, "many": manyValues} {
		t.Run(name, func(t *testing.T) {
			all, err := chart(t, values)
			if err != nil {
				t.Fatal(err)
			}
			set := all["StatefulSet q"]
			container := at(set, "spec", "template", "spec", "containers", 0)
			variables := image(t)
			list, _ := at(container, "env").([]any)
			for _, v := range list {
				from := fmt.Sprint(at(v, "valueFrom", "fieldRef", "fieldPath"))
				value, _ := at(v, "value").(string)
				switch key := at(v, "valueFrom", "secretKeyRef", "key"); {
				case from == "metadata.name":
					value = "q-1"
				case from == "metadata.labels['topology.kubernetes.io/zone']", value != "":
				case key != nil:
					secret := all[fmt.Sprint("Secret ", at(v, "valueFrom", "secretKeyRef", "name"))]
					if value, _ = at(secret, "stringData", key).(string); value == "" && name == "few" {
						t.Errorf("%v is in no secret", key)
					}
					value += "x"
				default:
					t.Errorf("%v has no value", v)
				}
				variables[at(v, "name").(string)] = value
			}
			var args []string
			words, _ := at(container, "args").([]any)
			for _, word := range words {
				args = append(args, word.(string))
			}
			server := accepts(t, variables, args...).Server
			if q := at(set, "spec", "replicas"); server.settings.node.N != q { // as both values have it
				t.Errorf("n is %d, want %v", server.settings.node.N, q)
			}
			if server.founder != "q-0" || server.settings.node.Name != "q-1" || !slices.Equal(server.settings.node.Join, []string{"q-peers.data.svc:7946"}) || all["Service q-peers"] == nil {
				t.Errorf("founder %q, name %q, join %q", server.founder, server.settings.node.Name, server.settings.node.Join)
			}
			if dir := server.settings.node.Store.Dir; dir != at(container, "volumeMounts", 0, "mountPath") {
				t.Errorf("the data are in %s, which is no volume", dir)
			}
			hook, _ := at(container, "lifecycle", "preStop", "exec", "command").([]any)
			var command []string
			for _, word := range hook {
				command = append(command, word.(string))
			}
			drain := accepts(t, variables, command[1:]...).Admin.Drain
			if grace, _ := at(set, "spec", "template", "spec", "terminationGracePeriodSeconds").(int); drain.Timeout <= 0 || drain.Timeout >= time.Duration(grace)*time.Second {
				t.Errorf("a drain of %v, and a pod has %d s", drain.Timeout, grace)
			}
			ports := fmt.Sprint(at(container, "ports"))
			for _, addr := range []string{server.settings.client.Addr, server.settings.node.PeerAddr, server.address.admin} {
				if port := addr[strings.LastIndex(addr, ":")+1:]; !regexp.MustCompile(`containerPort:` + port + `\b`).MatchString(ports) {
					t.Errorf("port %s is not in %s", port, ports)
				}
			}
		})
	}
}

// TestChart_Pods_AreConfinedAndSpread looks for what Kubernetes would leave out without a word if
// it were misspelt.
func TestChart_Pods_AreConfinedAndSpread(t *testing.T) {
	few, err := chart(t, fewValues)
	if err != nil {
		t.Fatal(err)
	}
	many, err := chart(t, manyValues)
	if err != nil {
		t.Fatal(err)
	}
	set, labels := few["StatefulSet q"], map[string]any{"app.kubernetes.io/name": "quorate", "app.kubernetes.io/instance": "q"}
	pod, container := at(set, "spec", "template", "spec"), at(set, "spec", "template", "spec", "containers", 0)
	for name, c := range map[string][2]any{
		"not root":            {at(pod, "securityContext", "runAsNonRoot"), true},
		"seccomp":             {at(pod, "securityContext", "seccompProfile", "type"), "RuntimeDefault"},
		"owner of the volume": {at(pod, "securityContext", "fsGroup"), 65532},
		"read-only root":      {at(container, "securityContext", "readOnlyRootFilesystem"), true},
		"no escalation":       {at(container, "securityContext", "allowPrivilegeEscalation"), false},
		"no capabilities":     {at(container, "securityContext", "capabilities", "drop"), []any{"ALL"}},
		"no token":            {at(pod, "automountServiceAccountToken"), false},
		"no links":            {at(pod, "enableServiceLinks"), false},
		"memory":              {at(container, "resources", "limits", "memory"), "2Gi"},
		"alive":               {at(container, "livenessProbe", "httpGet", "path"), "/healthz"},
		"ready":               {at(container, "readinessProbe", "httpGet", "path"), "/readyz"},
		"started":             {at(container, "startupProbe", "httpGet", "path"), "/healthz"},
		"volume":              {at(set, "spec", "volumeClaimTemplates", 0, "metadata", "name"), at(container, "volumeMounts", 0, "name")},
		"service of pods":     {at(set, "spec", "serviceName"), "q-peers"},
		"headless":            {at(few["Service q-peers"], "spec", "clusterIP"), "None"},
		"found before ready":  {at(few["Service q-peers"], "spec", "publishNotReadyAddresses"), true},
		"one at a time":       {at(few["PodDisruptionBudget q"], "spec", "maxUnavailable"), 1},
		"budget of the pods":  {at(few["PodDisruptionBudget q"], "spec", "selector", "matchLabels"), labels},
		"selector":            {at(set, "spec", "selector", "matchLabels"), labels},
		"labels":              {at(set, "spec", "template", "metadata", "labels"), labels},
		"clients":             {at(few["Service q"], "spec", "selector"), labels},
		"zones":               {at(pod, "topologySpreadConstraints", 0, "topologyKey"), "topology.kubernetes.io/zone"},
		"machines":            {at(pod, "affinity", "podAntiAffinity", "preferredDuringSchedulingIgnoredDuringExecution", 0, "podAffinityTerm", "labelSelector", "matchLabels"), labels},
		"machines, strictly":  {at(many["StatefulSet q"], "spec", "template", "spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution", 0, "labelSelector", "matchLabels"), labels},
		"replicas":            {at(many["StatefulSet q"], "spec", "replicas"), 5},
		"image":               {at(many["StatefulSet q"], "spec", "template", "spec", "containers", 0, "image"), "quorate:1.2.3"},
		"version":             {at(container, "image"), "quorate:" + release},
		"class":               {at(many["StatefulSet q"], "spec", "volumeClaimTemplates", 0, "spec", "storageClassName"), "fast"},
		"own secret":          {many["Secret mine"], nil},
		"secret":              {at(few["Secret q"], "stringData", "peer-secret"), `b"c`},
	} {
		if !reflect.DeepEqual(c[0], c[1]) {
			t.Errorf("%s: %v, want %v", name, c[0], c[1])
		}
	}
}

func TestChart_NoPassword_IsRefusedWithTheReason(t *testing.T) {
	for _, values := range []string{"", "auth: {password: a}", "auth: {peerSecret: a}"} {
		if _, err := chart(t, values); err == nil || !strings.Contains(err.Error(), "auth.existingSecret") {
			t.Errorf("%q: %v", values, err)
		}
	}
}

// TestChart_Helm_RendersTheSame compares this test's rendering with Helm's.
func TestChart_Helm_RendersTheSame(t *testing.T) {
	for name, values := range map[string]string{"few": fewValues, "many": manyValues} {
		t.Run(name, func(t *testing.T) {
			want := helm(t, values)
			got, err := chart(t, values)
			if err != nil || len(got) != len(want) {
				t.Fatalf("%v; %d documents, Helm renders %d", err, len(got), len(want))
			}
			for name := range want {
				if !reflect.DeepEqual(got[name], want[name]) {
					t.Errorf("%s\n got %v\nwant %v", name, got[name], want[name])
				}
			}
		})
	}
}

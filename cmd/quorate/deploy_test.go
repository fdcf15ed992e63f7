package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// What is in .github/deploy, and the Dockerfile, is held to the flags and variables that the
// program has.

// deployed returns the path of a file for deployment.
func deployed(path ...string) string {
	return filepath.Join(append([]string{"..", "..", ".github", "deploy"}, path...)...)
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// at returns the value at a path of keys and indices in a document; nil: there is none.
func at(document any, path ...any) any {
	for _, key := range path {
		switch key := key.(type) {
		case string:
			m, _ := document.(map[string]any)
			document = m[key]
		case int:
			list, _ := document.([]any)
			if key >= len(list) {
				return nil
			}
			document = list[key]
		}
	}
	return document
}

// image returns the variables that the Dockerfile sets.
func image(t *testing.T) map[string]string {
	t.Helper()
	variables := make(map[string]string)
	for _, m := range regexp.MustCompile(`(QUORATE_\w+)=(\S+)`).FindAllStringSubmatch(strings.Split(readFile(t, filepath.Join("..", "..", "Dockerfile")), "\nENV ")[1], -1) {
		variables[m[1]] = m[2]
	}
	return variables
}

// accepts parses a command line of quorate as the program does, with these variables. Of a
// server it checks the settings, too.
func accepts(t *testing.T, variables map[string]string, args ...string) *commands {
	t.Helper()
	known := map[string]bool{"QUORATE_CONFIG": true}
	plain, err := parse(t, "server")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range plain.Server.settings.table {
		known["QUORATE_"+strings.ToUpper(strings.ReplaceAll(row.name, "-", "_"))] = true
	}
	for name, value := range variables {
		if strings.HasPrefix(name, "QUORATE_") && !known[name] {
			t.Errorf("there is no variable %s", name)
		}
		t.Setenv(name, value)
	}
	cli, err := parse(t, args...)
	if err != nil {
		t.Fatalf("quorate %q: %v", args, err)
	}
	if args[0] == "server" {
		if err := cli.Server.check(); err != nil {
			t.Errorf("quorate %q with %v: %v", args, variables, err)
		}
	}
	return cli
}

func TestDeploy_Dockerfile_StartsTheServerWithoutRoot(t *testing.T) {
	text := readFile(t, filepath.Join("..", "..", "Dockerfile"))
	list := func(instruction string) (words []string) {
		m := regexp.MustCompile(`(?m)^` + instruction + ` (\[.*\])$`).FindStringSubmatch(text)
		if m == nil || yaml.Unmarshal([]byte(m[1]), &words) != nil {
			t.Fatalf("no %s", instruction)
		}
		return words
	}
	variables := image(t)
	variables["QUORATE_REQUIREPASS"], variables["QUORATE_PEER_SECRET"] = "a", "b"
	if entry := list("ENTRYPOINT"); !slices.Equal(entry, []string{"/quorate"}) {
		t.Errorf("ENTRYPOINT %q", entry)
	}
	cli := accepts(t, variables, list("CMD")...)
	accepts(t, nil, list("HEALTHCHECK .* CMD")[1:]...)
	s := &cli.Server
	for _, addr := range []string{s.settings.client.Addr, s.settings.node.PeerAddr, s.address.admin} {
		if port := addr[strings.LastIndex(addr, ":")+1:]; !regexp.MustCompile(`(?m)^EXPOSE .*\b` + port).MatchString(text) {
			t.Errorf("port %s is not exposed", port)
		}
	}
	for _, want := range []string{`(?m)^USER [1-9]\d*:[1-9]\d*$`, `(?m)^VOLUME /data$`, `(?m)^STOPSIGNAL SIGTERM$`, `org\.opencontainers\.image\.version="?\$\{?VERSION`, `-X main\.release=`} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("the Dockerfile has no %s", want)
		}
	}
}

func TestDeploy_Compose_HasThreeNodesOfOneCluster(t *testing.T) {
	text := strings.NewReplacer("${QUORATE_REQUIREPASS:?the password of clients}", "a", "${QUORATE_PEER_SECRET:?the secret that the nodes share}", "b").Replace(readFile(t, deployed("compose.yaml")))
	var file struct {
		Services map[string]struct {
			Environment map[string]string
			Volumes     []string
			Ports       []string
			ReadOnly    bool     `yaml:"read_only"`
			CapDrop     []string `yaml:"cap_drop"`
			Build       string
			Rest        map[string]any `yaml:",inline"`
		}
		Volumes map[string]any
		Rest    map[string]any `yaml:",inline"`
	}
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	var names, ports []string
	for name, service := range file.Services {
		t.Run(name, func(t *testing.T) {
			variables := image(t)
			maps.Copy(variables, service.Environment)
			node := accepts(t, variables, "server").Server.settings.node
			if want := []string{"a:7946", "b:7946", "c:7946"}; node.Name != strings.ToUpper(name) || !slices.Equal(node.Join, want) {
				t.Errorf("it is %s and joins through %v, want %v", node.Name, node.Join, want)
			}
			names = append(names, node.Name)
		})
		if _, known := file.Volumes[name]; !known || !slices.Equal(service.Volumes, []string{name + ":/data"}) {
			t.Errorf("%s has volumes %v", name, service.Volumes)
		}
		if !service.ReadOnly || !slices.Equal(service.CapDrop, []string{"ALL"}) || filepath.Clean(filepath.Join(deployed(), service.Build)) != filepath.Join("..", "..") {
			t.Errorf("%s: %+v", name, service)
		}
		for _, port := range service.Ports {
			host := port[:strings.LastIndex(port, ":")]
			if !strings.HasPrefix(host, "127.0.0.1:") || slices.Contains(ports, host) {
				t.Errorf("%s publishes %s: only this machine should reach it, and each node has ports of its own", name, port)
			}
			ports = append(ports, host)
		}
	}
	if len(names) != 3 || !slices.Contains(names, file.Services["a"].Environment["QUORATE_FOUNDER"]) {
		t.Errorf("nodes %v, founder %q", names, file.Services["a"].Environment["QUORATE_FOUNDER"])
	}
}

func TestDeploy_Unit_StartsTheServerWithItsSettings(t *testing.T) {
	text := readFile(t, deployed("quorate.service"))
	const program, config = "/usr/local/bin/quorate", "/etc/quorate/quorate.yaml"
	settings, err := filepath.Abs(deployed("quorate.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	starts := 0
	for _, m := range regexp.MustCompile(`(?m)^Exec(\w+)=-?(\S+) (.*)$`).FindAllStringSubmatch(text, -1) {
		if m[2] != program {
			t.Errorf("Exec%s runs %s, want %s", m[1], m[2], program)
		}
		args := strings.Fields(strings.ReplaceAll(m[3], config, settings))
		if m[1] != "Start" {
			accepts(t, nil, args...)
			continue
		}
		starts++
		cli := accepts(t, map[string]string{"QUORATE_REQUIREPASS": "a", "QUORATE_PEER_SECRET": "b"}, args...)
		if dir := cli.Server.settings.node.Store.Dir; dir != "/var/lib/quorate" || !strings.Contains(text, "\nStateDirectory=quorate\n") {
			t.Errorf("the data are in %s, which is not the state directory of the unit", dir)
		}
	}
	if starts != 1 || !strings.Contains(text, fmt.Sprintf("\nRestartPreventExitStatus=%d\n", exitUsage)) {
		t.Errorf("%d ExecStart; or a node with wrong settings is restarted for ever", starts)
	}
}

// TestDeploy_Unit_SystemdVerifiesIt asks systemd-analyze about the unit with a program that
// exists.
func TestDeploy_Unit_SystemdVerifiesIt(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed: the unit is not verified")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "quorate.service")
	text := strings.ReplaceAll(readFile(t, deployed("quorate.service")), "/usr/local/bin/quorate", program)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", path}, {"security", "--offline=true", "--threshold=20", path}} {
		if out, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput(); err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
}

// TestDeploy_Script_RunsTheImage builds the image and runs the compose file, where there is an
// engine.
func TestDeploy_Script_RunsTheImage(t *testing.T) {
	script, err := filepath.Abs(deployed("try"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "bash", "-n", script).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if testing.Short() {
		t.Skip("short: the image is not built")
	}
	if err := exec.CommandContext(t.Context(), "docker", "info").Run(); err != nil {
		t.Skip("no Docker engine answers: the image and the compose file are not run")
	}
	if out, err := exec.CommandContext(t.Context(), "bash", script).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// documents decodes the documents of a YAML text by kind and name.
func documents(t *testing.T, text string) map[string]any {
	t.Helper()
	all := make(map[string]any)
	d := yaml.NewDecoder(strings.NewReader(text))
	for {
		var one map[string]any
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if len(one) > 0 {
			all[fmt.Sprint(one["kind"], " ", at(one, "metadata", "name"))] = one
		}
	}
}

// helm renders the chart with the program itself; skipped where it is not installed.
func helm(t *testing.T, values string) map[string]any {
	t.Helper()
	program, err := exec.LookPath("helm")
	if err != nil {
		t.Skip("helm is not installed: the chart is rendered by this test alone")
	}
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(values), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context, args ...string) string {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("helm %s: %v\n%s", args[0], err, out)
		}
		return string(out)
	}
	run(t.Context(), "lint", "--quiet", "--values", file, "--kube-version", "1.35.0", deployed("helm"))
	return documents(t, run(t.Context(), "template", "q", deployed("helm"), "--namespace", "data", "--kube-version", "1.35.0", "--values", file))
}

// TestDeploy_Page_NamesFilesAndCommandsThatExist reads the commands of the page.
func TestDeploy_Page_NamesFilesAndCommandsThatExist(t *testing.T) {
	text := readFile(t, deployed("README.md"))
	commands := 0
	for _, m := range regexp.MustCompile("(?m)(?:^    |`)quorate ((?:admin|health|server)[^`\\n]*)").FindAllStringSubmatch(text, -1) {
		commands++
		accepts(t, nil, strings.Fields(m[1])...)
	}
	for _, path := range regexp.MustCompile(`\.github/deploy/[\w./]+`).FindAllString(text, -1) {
		if _, err := os.Stat(filepath.Join("..", "..", path)); err != nil {
			t.Error(err)
		}
	}
	if commands < 3 {
		t.Errorf("%d commands were found", commands)
	}
}

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"github.com/quorate/quorate/cluster/core/number"
)

// maxConfigBytes bounds a settings file: a larger one is not a settings file.
const maxConfigBytes = 1 << 20

// BeforeResolve puts the settings of the file that --config or QUORATE_CONFIG
// names behind those of the command line. kong calls it.
func (*serverCmd) BeforeResolve(ctx *kong.Context) error { return addSettingsFile(ctx) }

// BeforeResolve loads the settings file, as for the server.
func (*demoCmd) BeforeResolve(ctx *kong.Context) error { return addSettingsFile(ctx) }

func addSettingsFile(ctx *kong.Context) error {
	flags := ctx.Flags()
	i := slices.IndexFunc(flags, func(f *kong.Flag) bool { return f.Name == "config" })
	path, _ := ctx.FlagValue(flags[i]).(string)
	if path == "" {
		return nil
	}
	file, err := readSettings(path)
	if err != nil {
		return err
	}
	if err := file.check(flags); err != nil {
		return err
	}
	ctx.AddResolver(file)
	return nil
}

// settingsFile is a file of settings: `name: value` lines in YAML, with the
// names of the flags. It implements [kong.Resolver].
type settingsFile struct {
	path   string
	values map[string]yaml.Node
}

func readSettings(path string) (*settingsFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read --config: %w", err)
	}
	if info.Size() > maxConfigBytes {
		return nil, fmt.Errorf("read --config: %s is larger than %s", path, number.FormatSize(maxConfigBytes))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read --config: %w", err)
	}
	f := &settingsFile{path: path}
	if err := yaml.Unmarshal(text, &f.values); err != nil {
		return nil, fmt.Errorf("read --config %s: %w", path, err)
	}
	return f, nil
}

// check reports every key that is not the name of one of the flags.
func (f *settingsFile) check(flags []*kong.Flag) error {
	known := make(map[string]bool, len(flags))
	for _, flag := range flags {
		known[flag.Name] = settable(flag)
	}
	var faults []error
	for key, node := range f.values {
		if known[key] {
			continue
		}
		fault := fmt.Errorf("%s:%d: there is no setting %q", f.path, node.Line, key)
		if hyphens := strings.ReplaceAll(key, "_", "-"); known[hyphens] {
			fault = fmt.Errorf("%w: do you mean %q?", fault, hyphens)
		}
		faults = append(faults, fault)
	}
	sortErrors(faults)
	return errors.Join(faults...)
}

// settable reports whether a flag may stand in a settings file.
func settable(flag *kong.Flag) bool {
	return flag.Name != "help" && flag.Name != "version" && flag.Name != "config"
}

// Validate implements [kong.Resolver].
func (f *settingsFile) Validate(*kong.Application) error { return nil }

// Resolve implements [kong.Resolver]. kong puts a resolver's value before an
// environment variable's; here the variable comes first.
func (f *settingsFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	node, ok := f.values[flag.Name]
	if !ok || !settable(flag) {
		return nil, nil
	}
	for _, name := range flag.Tag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	text, err := plainText(&node)
	if err != nil {
		return nil, fmt.Errorf("%s:%d: %s: %w", f.path, node.Line, flag.Name, err)
	}
	return text, nil
}

// plainText returns a value of the file as it would be written on the command line.
func plainText(node *yaml.Node) (string, error) {
	switch node.Kind {
	case yaml.ScalarNode:
		return node.Value, nil
	case yaml.SequenceNode:
		words := make([]string, len(node.Content))
		for i, item := range node.Content {
			if item.Kind != yaml.ScalarNode {
				return "", errors.New("a list may hold plain values only")
			}
			words[i] = item.Value
		}
		return strings.Join(words, ","), nil
	default:
		return "", errors.New("write a plain value, or a list of them")
	}
}

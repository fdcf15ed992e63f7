package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"
)

// rewriter puts settings that changed while nodes ran into the file that they were
// read from. It leaves the rest of the file as it is, comments included, but for
// blank lines. It is for all nodes of the process, and safe for concurrent use.
type rewriter struct {
	mu   sync.Mutex
	path string
}

// rewriterOf returns what CONFIG REWRITE calls; nil without a settings file.
func rewriterOf(path string) func(map[string]string) error {
	if path == "" {
		return nil
	}
	r := &rewriter{path: path}
	return r.rewrite
}

// rewrite replaces the file at once: who reads it meanwhile sees the old one or the
// new one.
func (r *rewriter) rewrite(changed map[string]string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, err := os.ReadFile(r.path)
	if err != nil {
		return err
	}
	text, err := withSettings(old, changed)
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	info, err := os.Stat(r.path)
	if err != nil {
		return err
	}
	return replaceFile(r.path, text, info.Mode().Perm())
}

// withSettings returns a settings file with other values.
func withSettings(text []byte, changed map[string]string) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if len(document.Content) == 0 {
		document = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, errors.New("it is not a file of 'name: value' lines")
	}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		valueOf(root, name).SetString(changed[name])
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	err := errors.Join(encoder.Encode(&document), encoder.Close())
	return out.Bytes(), err
}

// valueOf returns the value of name, which is added if there is none.
func valueOf(root *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == name {
			return root.Content[i+1]
		}
	}
	key, value := new(yaml.Node), new(yaml.Node)
	key.SetString(name)
	root.Content = append(root.Content, key, value)
	return value
}

// replaceFile writes a file beside path, durably, and puts it in its place.
func replaceFile(path string, text []byte, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

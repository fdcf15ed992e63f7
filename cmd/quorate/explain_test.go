package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

func TestExplain_WhatKeepsANodeFromStarting_SaysWhatToDo(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("%w: mkdir /etc/passwd: %w", engine.ErrNoDirectory, syscall.ENOTDIR), "--data-dir"},
		{fmt.Errorf("%w: mkdir /var/x: %w", engine.ErrNoDirectory, syscall.EACCES), "the user"},
		{fmt.Errorf("data: %w", engine.ErrLocked), "--data-dir"},
		{fmt.Errorf("the cluster refused this node: %w", ring.ErrNameTaken), "--replace"},
	} {
		text := explain(c.err).Error()
		said, advised, found := strings.Cut(text, "\n  ")
		if said != c.err.Error() || !found || !strings.Contains(advised, c.want) || strings.Contains(advised, "\n") {
			t.Errorf("%q: want one line of advice that has %q", text, c.want)
		}
	}
	if err := errors.New("something else"); explain(err) != err {
		t.Error("advice where there is none")
	}
}

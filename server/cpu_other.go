//go:build !unix

package server

import "context"

// infoCPU has nothing to tell where there is no getrusage.
func infoCPU(context.Context, *Server, *infoText) {}

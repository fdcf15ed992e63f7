package server

import "time"

// traceBatch chooses the calls of the batch that are recorded.
func (s *session) traceBatch(start time.Time) {
	for i := range s.client.Batch.Calls {
		if c := &s.client.Batch.Calls[i]; len(c.Requests) > 0 && s.server.node.Tracer.Sample() {
			c.BeginTrace(start)
		}
	}
}

// recordBatch hands over what was recorded of the batch.
func (s *session) recordBatch() {
	for i := range s.client.Batch.Calls {
		c := &s.client.Batch.Calls[i]
		c.EndTrace(c.Requests)
	}
}

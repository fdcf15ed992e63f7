package server

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/server/resp"
)

// runLolwut serves LOLWUT [VERSION n …]: the ring, seen from above. Each point is
// drawn with the initial of the node that owns the token there.
func runLolwut(_ context.Context, s *session, _ *command, args [][]byte) {
	if len(args) > 2 && resp.Is(args[1], "VERSION") {
		if _, ok := resp.ParseInt(args[2]); !ok {
			s.out.Error(textNotInteger)
			return
		}
	}
	text := drawRing(s.server.store.Ring()) +
		"\nThere is no first node and no last one.\nRedis ver. " + RedisVersion + ", quorate " + s.server.cfg.Version + "\n"
	s.out.Verbatim(text)
}

func drawRing(now *ring.Ring) string {
	const width, height = 61, 25
	var text strings.Builder
	for row := range height {
		var line strings.Builder
		for column := range width {
			x := (float64(column) - (width-1)/2) / ((width - 1) / 2)
			y := (float64(row) - (height-1)/2) / ((height - 1) / 2)
			if away := math.Hypot(x, y); away > 1.02 || away < 0.74 {
				line.WriteByte(' ')
				continue
			}
			turn := math.Atan2(x, -y)/(2*math.Pi) + 1 // clockwise from the top
			p := int(turn*float64(now.Partitions())) % now.Partitions()
			line.WriteByte(now.Name(now.Owner(ring.Partition(p)))[0])
		}
		fmt.Fprintln(&text, strings.TrimRight(line.String(), " "))
	}
	return text.String()
}

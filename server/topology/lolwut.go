package topology

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// runLolwut serves LOLWUT [VERSION n …]: the ring, seen from above. Each point is
// drawn with the initial of the node that owns the token there.
func runLolwut(_ context.Context, c *command.Call) {
	if len(c.Args) > 2 && resp.Is(c.Args[1], "VERSION") {
		if _, ok := number.ParseInt(c.Args[2]); !ok {
			c.Out.Error(command.TextNotInteger)
			return
		}
	}
	text := drawRing(c.Node.Store.Ring()) +
		"\nThere is no first node and no last one.\nRedis ver. " + command.RedisVersion + ", quorate " + c.Node.Version + "\n"
	c.Out.Verbatim(text)
}

func drawRing(view *ring.Ring) string {
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
			p := int(turn*float64(view.Partitions())) % view.Partitions()
			line.WriteByte(view.Name(view.Owner(ring.Partition(p)))[0])
		}
		fmt.Fprintln(&text, strings.TrimRight(line.String(), " "))
	}
	return text.String()
}

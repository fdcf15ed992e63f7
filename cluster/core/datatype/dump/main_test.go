package dump

import (
	"testing"

	"github.com/quorate/quorate/cluster/testproperties"
)

func TestMain(m *testing.M) { testproperties.Main(m) }

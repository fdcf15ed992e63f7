package admin

import (
	"context"
	"fmt"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/settings"
)

// settingsHandlers shows and changes the settings of the whole cluster.
type settingsHandlers struct{ *backend }

func (h *settingsHandlers) getSettings(_ context.Context, c *call) (any, error) {
	now := c.node.Settings.Document()
	v := api.Settings{Digest: fmt.Sprintf("%016x", now.Digest()), Settings: []api.Setting{}}
	for _, s := range now.Settings() {
		v.Settings = append(v.Settings, settingOf(c.node.Ring(), s))
	}
	return v, nil
}

// putSetting changes a setting. The routes admit only the name of the conflict policy.
func (h *settingsHandlers) putSetting(ctx context.Context, c *call) (any, error) {
	var change api.SettingChange
	if err := c.json(&change); err != nil {
		return nil, err
	}
	policy, err := register.ParsePolicy(change.Value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBadRequest, err)
	}
	if err := c.node.Settings.SetPolicy(ctx, policy); err != nil {
		return nil, err
	}
	now, _ := c.node.Settings.Document().Get(settings.ConflictResolution)
	return settingOf(c.node.Ring(), now), nil
}

func settingOf(view *ring.Ring, s settings.Setting) api.Setting {
	v := api.Setting{Name: s.Name, Value: s.Value, Version: s.Version}
	if s.Writer != 0 {
		v.Writer = view.Name(s.Writer)
	}
	return v
}

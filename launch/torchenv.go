package launch

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sluicerun/sluice/job"
)

// torch adds the variables that torchrun gives its workers.
func (e *environ) torch(add func(k, v string), local, restarts int, dir string, at Place) error {
	t := e.spec.Torch
	if t == nil {
		t = &job.Torch{}
	}
	role := e.spec.Role
	if role == "" {
		role = "default"
	}
	add("RANK", strconv.Itoa(at.Base+local))
	if t.VirtualLocalRank {
		add("LOCAL_RANK", "0")
	} else {
		add("LOCAL_RANK", strconv.Itoa(local))
	}
	add("WORLD_SIZE", strconv.Itoa(at.Size))
	add("LOCAL_WORLD_SIZE", strconv.Itoa(e.spec.Workers))
	add("GROUP_RANK", strconv.Itoa(at.Group))
	add("GROUP_WORLD_SIZE", strconv.Itoa(at.Groups))
	add("ROLE_NAME", role)
	add("ROLE_RANK", strconv.Itoa(at.RoleBase+local))
	add("ROLE_WORLD_SIZE", strconv.Itoa(at.RoleSize))
	add("MASTER_ADDR", at.MasterAddr)
	add("MASTER_PORT", at.MasterPort)
	add("TORCHELASTIC_RESTART_COUNT", strconv.Itoa(restarts))
	add("TORCHELASTIC_MAX_RESTARTS", strconv.Itoa(e.spec.Restart.Max))
	runID := t.RunID
	switch {
	case e.spec.Nodes.Several():
		runID = e.spec.SharedID()
	case runID == "":
		runID = e.run
	}
	add("TORCHELASTIC_RUN_ID", runID)
	add("TORCHELASTIC_USE_AGENT_STORE", python(at.AgentStore))
	errorFile := filepath.Join(dir, "error.json")
	if t.NoErrorFile {
		errorFile = ""
	}
	add("TORCHELASTIC_ERROR_FILE", errorFile)
	if e.spec.Torch == nil {
		return nil
	}
	add("TORCH_NCCL_ASYNC_ERROR_HANDLING", e.ncclAsync)
	if t.TimerFile != "" {
		add("TORCHELASTIC_TIMER_FILE", t.TimerFile)
	}
	if t.VirtualLocalRank {
		device, err := e.device(local)
		if err != nil {
			return err
		}
		add("CUDA_VISIBLE_DEVICES", device)
	}
	return nil
}

// device is the one entry of CUDA_VISIBLE_DEVICES for a local rank.
func (e *environ) device(local int) (string, error) {
	if !e.devicesSet {
		return strconv.Itoa(local), nil
	}
	entries := strings.Split(e.devices, ",")
	if local >= len(entries) {
		return "", &job.UsageError{Field: "virtual_local_rank", Value: "CUDA_VISIBLE_DEVICES=" + e.devices,
			Why:  fmt.Sprintf("it names %d devices and there are %d workers", len(entries), e.spec.Workers),
			Hint: "name a device for every worker, or start fewer"}
	}
	return strings.TrimSpace(entries[local]), nil
}

// python is a truth value as Python prints it.
func python(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

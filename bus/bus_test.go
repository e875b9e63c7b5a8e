package bus_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/bus"
	"github.com/sluicerun/sluice/bus/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	bustest.Run(t, func(*testing.T) func(string) bus.Bus { return bus.NewLocal().Connect })
}

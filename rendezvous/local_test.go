package rendezvous_test

import (
	"testing"

	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/storetest"
)

func TestLocal(t *testing.T) {
	storetest.Run(t, func(*testing.T) func() rendezvous.Store {
		return rendezvous.NewLocal().Handle
	})
}

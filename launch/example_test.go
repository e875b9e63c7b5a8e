package launch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
)

// A gang of commands, its console on this program's own output.
func ExampleRun() {
	spec := job.Spec{
		Command: []string{"sh", "-c", "echo hello from $RANK of $WORLD_SIZE; exit $RANK"},
		Workers: 1,
	}
	res, err := launch.Run(context.Background(), spec, launch.Options{Stdout: os.Stdout, Stderr: os.Stderr})
	if err != nil {
		log.Fatal(err) // nothing was started
	}
	fmt.Println(res.Verdict)
	// Output:
	// hello from 0 of 1
	// succeeded
}

// Workers that are functions of this program. Where the program begins, it has
//
//	launch.Register("square", square)
//	launch.Init()
func ExampleRun_functions() {
	res, err := launch.Run(context.Background(), job.Spec{Func: "square", FuncArg: json.RawMessage("3"), Workers: 2})
	if err != nil {
		log.Fatal(err)
	}
	for rank, value := range res.Values {
		fmt.Printf("%d: %s\n", rank, value)
	}
	// Output:
	// 0: {"rank":0,"value":9}
	// 1: {"rank":1,"value":16}
}

package job_test

import (
	"fmt"

	"github.com/sluicerun/sluice/job"
)

func ExampleParseRankSet() {
	set, err := job.ParseRankSet("0,8-11,%32+1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(set, set.Contains(33), set.Members(40))
	_, err = job.ParseRankSet("0,15-8")
	fmt.Println(err)
	// Output:
	// 0,8-11,%32+1 true [0 1 8 9 10 11 33]
	// parsing rank set: range 15-8 runs backwards: write 8-15
	//     0,15-8
	//       ^
	//   allowed: 5, 8-15, %8 (every eighth), %8+1 (the same, from 1), all, none, separated by commas
}

func ExampleParseStreamSpec() {
	spec, err := job.ParseStreamSpec("all:err,0,8-15:all")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(spec.For(0), spec.For(1), spec.For(9))
	// Output: all err all
}

func ExampleTemplate_Append() {
	prefix, err := job.ParseTemplate("[{role}{rank:3}] ")
	if err != nil {
		fmt.Println(err)
		return
	}
	line := prefix.Append(nil, &job.Fields{Role: "trainer", Rank: 7})
	fmt.Printf("%sloss 0.31\n", line)
	// Output: [trainer  7] loss 0.31
}

func ExampleSpec_Validate() {
	spec := job.Spec{Command: []string{"python", "train.py"}, Workers: 8}
	if err := spec.Stdin.Set("fifo:/tmp/keys@9"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(spec.Validate())
	// Output: invalid stdin "fifo:/tmp/keys@9": there is no rank 9: the gang has ranks 0 to 7
}

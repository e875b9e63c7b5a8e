// Package session is a program on a terminal that several share: people at
// their keyboards, scripts and agents write to it, any number watch.
//
//	s, err := session.Start(ctx, session.Command{Args: []string{"vim", "notes.txt"}, Dir: dir})
//	s.Send(ctx, session.Input{Source: "script", Steps: []session.Step{{Text: "ihello"}, {Keys: []string{"Escape"}}}})
//	err = s.Wait(ctx, session.Condition{Text: "hello", Timeout: 5 * time.Second})
//	fmt.Println(s.Screen(false).Text)
//
// What the program writes is spliced into a log before anybody sees it; the
// emulator and every client read the log, so none of them can slow the program.
// What is written to it goes through one goroutine, message by message, and is
// logged with its source.
//
// [Start] runs a program by itself. Package launch makes sessions of the workers
// of a run, and serves them on the run's socket.
package session

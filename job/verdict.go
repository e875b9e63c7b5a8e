package job

// maxCount is the highest status of ExitCount, as in GNU parallel: 102 and up
// stay free for other meanings.
const maxCount = 101

// ExitStatus is the exit status of a run whose workers ended like that. first
// is the index of the failure that came first, or nil.
//
// Only failures of the workers' own count (Outcome.Failed); without one the
// status is 0. A run that ended for another reason (timeout, Ctrl-C, a lost
// launcher) has its status from that reason, not from here.
func ExitStatus(policy ExitCodePolicy, outcomes []Outcome, first *int) int {
	count, highest := 0, 0
	var lowest *Outcome
	for i := range outcomes {
		o := &outcomes[i]
		if !o.Failed() {
			continue
		}
		count++
		highest = max(highest, failureStatus(o))
		if lowest == nil || o.Rank < lowest.Rank {
			lowest = o
		}
	}
	if count == 0 {
		return 0
	}
	switch policy {
	case ExitMax:
		return highest
	case ExitLowestRank:
		return failureStatus(lowest)
	case ExitAny:
		return 1
	case ExitCount:
		return min(count, maxCount)
	}
	if first != nil && *first >= 0 && *first < len(outcomes) && outcomes[*first].Failed() {
		return failureStatus(&outcomes[*first])
	}
	return failureStatus(lowest)
}

// failureStatus is the outcome's status, which for a failure is never 0: not
// even where nobody said with which code it could not be started.
func failureStatus(o *Outcome) int {
	if status := o.Status(); status != 0 {
		return status
	}
	return StatusInternal
}

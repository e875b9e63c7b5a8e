package job

// Closest is the candidate that word was probably meant to be, or "".
func Closest(word string, candidates []string) string {
	if word == "" || len(word) > 32 {
		return ""
	}
	best, bestDistance := "", max(1, len(word)/3)+1
	for _, c := range candidates {
		if d := EditDistance(word, c); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// EditDistance counts insertions, deletions, substitutions and swaps of
// neighbours (optimal string alignment): "satrt" is one step from "start".
func EditDistance(a, b string) int {
	prev2 := make([]int, len(b)+1)
	prev := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
		}
		prev2, prev, row = prev, row, prev2
	}
	return prev[len(b)]
}

// didYouMean is the tail of an error about an unknown word.
func didYouMean(word string, candidates []string) string {
	c := Closest(word, candidates)
	if c == "" {
		return ""
	}
	return ": did you mean " + c + "?"
}

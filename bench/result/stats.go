package result

import (
	"cmp"
	"math"
	"slices"
)

// Quantile is the smallest of values that at least the share q of them does not
// exceed; q is from 0 (the minimum) to 1 (the maximum), 0.5 the lower median.
// There must be a value.
func Quantile[T cmp.Ordered](values []T, q float64) T {
	sorted := slices.Sorted(slices.Values(values))
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// Median is Quantile at one half.
func Median[T cmp.Ordered](values []T) T { return Quantile(values, 0.5) }

// Package health answers those who ask over HTTP whether an agent is alive, on
// the port that TORCHELASTIC_HEALTH_CHECK_PORT names.
//
//	GET /   200, or 503 when it is unhealthy or makes no progress any more
//
// The body is one JSON object in both cases:
//
//	{"state":"healthy","last_progress":1718000000.5,"age":0.25,"restarts":1,"alive":8,"run":"train-7"}
//
// where last_progress is in seconds since the epoch and age in seconds. A 503
// also has "reason", and state "unknown" with zeros when the agent does not even
// say how it is. HEAD works too; other paths are 404, other methods 405.
//
// Whoever reaches the port may ask. Nothing can be changed through it.
package health

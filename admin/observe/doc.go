// Package observe holds what a monitoring system needs to watch a cluster: alert rules for
// Prometheus (alerts.yml) and a dashboard for Grafana (grafana.json). Each node's admin port
// serves both as they are.
//
// Invariant: every metric that they name is one that a running node serves, and every kind of
// problem has a rule. Tests hold that.
//
// Owns: nothing.
//
// Not: the metrics themselves (admin), and what a problem is (admin/problem).
package observe

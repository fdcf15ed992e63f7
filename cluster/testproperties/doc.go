// Package testproperties runs the property tests of pure packages with enough cases in
// short mode too. There rapid runs only a fifth of its cases, 20, which misses what is
// rare.
//
// Invariant: who asks for a number of cases gets that number.
//
// Owns: nothing.
//
// Not: for production code, nor for packages whose properties are slow, such as the engine.
package testproperties

// Package dashboard is the page that a person sees on the admin port: the ring,
// the nodes, a console, and what happens inside, live.
//
// The page is plain HTML, CSS, SVG and hand-written ES modules under assets,
// embedded as they are: there is no build step, and nothing is loaded from
// elsewhere. It lives on the admin REST and its event stream alone.
//
//	index.html      the page's landmarks, headings and panels
//	css             base (colours, type), layout, panels, ring
//	js/main.js      puts the modules together
//	js/store.js     what is known of the cluster, and who wants to hear of changes
//	js/stream.js    keeps the store fed, and says when it cannot
//	js/ring*.js     the hash ring, the walk of a key, the path of a request
//	js/guide.js     runs the scenarios of js/scenarios.js on the real cluster
//	js/*.js         one panel each
//
// Invariant: every response carries a policy that lets the page run its own
// modules and talk to its own origin, and nothing else; data becomes text nodes
// and attributes by js/dom.js, never markup.
//
// Owns: nothing that runs.
//
// Not: the REST that it calls (admin), and who may call it.
package dashboard

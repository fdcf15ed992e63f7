// Package dashboard is the web page of the admin port. It shows the ring, the nodes, a
// console, and what happens inside, live.
//
// The page is plain HTML, CSS, SVG and hand-written ES modules under assets,
// embedded as they are: there is no build step, and nothing is loaded from
// elsewhere. It uses the admin REST and its event stream only.
//
//	index.html      the page's landmarks, headings and panels
//	css             base (colours, type), layout, panels, ring
//	js/main.js      starts the modules
//	js/store.js     the state that the page shows, and the listeners for its changes
//	js/stream.js    reads the event stream into the store
//	js/ring*.js     the hash ring, the walk of a key, the path of a request
//	js/guide.js     runs the scenarios of js/*scenarios.js on the real cluster; js/undo.js puts
//	                back what they changed
//	js/*.js         one panel each
//
// Invariant: every response carries a policy that lets the page run its own
// modules and talk to its own origin, and nothing else; data becomes text nodes
// and attributes by js/dom.js, never markup.
//
// Owns: nothing that runs.
//
// Not: the REST that it calls (admin), or who may call it.
package dashboard

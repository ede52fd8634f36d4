//! The console as a browser reaches it, over a world with the simulator.

mod headers;
mod pages;
mod routes;
mod signing;
mod support;

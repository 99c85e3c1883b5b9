//! Strongroom's HTTP surface: hyper server, routes, problems, CORS, health.

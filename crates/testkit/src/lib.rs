//! Fakes, contract suites and laws for testing use of Strongroom's rules and ports.

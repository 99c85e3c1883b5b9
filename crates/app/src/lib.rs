//! Strongroom's use cases: read, merge, erase, export, sign up, refresh, sign out; and the tenant rules.

//! Strongroom's tokens: issue and verify JSON Web Tokens, with a bounded cache of verified ones.

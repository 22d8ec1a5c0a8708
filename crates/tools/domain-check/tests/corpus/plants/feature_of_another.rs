//@ rules: feature
//@ says: support-featured is built with the feature harmful
//@ manifest: [dependencies]
//@ manifest: support-featured = { path = "../support-featured", features = ["harmful"] }
#![no_std]
#![forbid(unsafe_code)]

//! gauth-login as its users see it: the real binary against the sandbox.

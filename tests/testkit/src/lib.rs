//! What the black-box tests share: a private home, scripted servers, the sweep for leaked secrets.

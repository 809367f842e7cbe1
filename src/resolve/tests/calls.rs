//! What is said about calls.

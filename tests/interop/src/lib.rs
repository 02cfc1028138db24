//! Nothing but tests: files of others are read, and files of ours are read by others.

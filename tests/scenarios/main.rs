//! Scenarios over real gRPC: one module for each journey.

mod smoke;

//! Generates messages and stubs from `proto/`, without `protoc`.

use std::path::PathBuf;
use std::{env, error, fs};

use prost::Message as _;

const PROTO: &str = "../../proto";

fn main() -> Result<(), Box<dyn error::Error>> {
    println!("cargo::rerun-if-changed={PROTO}");
    let mut files = Vec::new();
    for entry in fs::read_dir(format!("{PROTO}/motcua/v1"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    files.sort();
    let descriptors = protox::compile(files, [PROTO])?;
    let out = PathBuf::from(env::var("OUT_DIR")?).join("motcua.v1.bin");
    fs::write(out, descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}

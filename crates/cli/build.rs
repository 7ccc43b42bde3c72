//! Lists the procedures of the catalogue, so that one more of them touches no Rust.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let catalogue = root.join("../../catalogue");
    println!("cargo::rerun-if-changed={}", catalogue.display());
    let entries = fs::read_dir(&catalogue).expect("the catalogue is part of the repository");
    let paths = entries.map(|entry| entry.expect("an entry of the catalogue").path());
    let is_procedure = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.ends_with(".yaml") && !name.ends_with(".scenarios.yaml")
    };
    let mut paths: Vec<PathBuf> = paths.filter(is_procedure).collect();
    paths.sort();
    let mut list = String::from("&[\n");
    for path in paths {
        writeln!(list, "    include_bytes!({path:?}),").expect("a String takes all");
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("catalogue.rs"), list).expect("the folder of the build can be written");
}

//! Turns the data files into static tables: nothing is parsed at run time.

#[path = "build/locale.rs"]
mod locale;

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    locale::generate()
}

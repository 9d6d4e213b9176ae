//! Compiles the data files into static tables, so that nothing is parsed at run time, and shortens the script of the page.

#[path = "build/locale.rs"]
mod locale;
#[path = "build/metrics.rs"]
mod metrics;
#[path = "build/script.rs"]
mod script;

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    script::generate()?;
    let labels = metrics::generate()?;
    locale::generate(&labels)
}

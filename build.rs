//! Compiles the data files into static tables, so that nothing is parsed at run time.

#[path = "build/locale.rs"]
mod locale;
#[path = "build/metrics.rs"]
mod metrics;

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    let labels = metrics::generate()?;
    locale::generate(&labels)
}

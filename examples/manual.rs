//! Writes the man pages and shell completions of a package: `cargo run --example manual -- DIRECTORY DATE`.
//!
//! They are made from the parser, so that they never differ from `--help`.

use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use osmon::commands::{TABLE, completions};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest line of text, in bytes.
const WIDTH: usize = 80;

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: manual DIRECTORY YYYY-MM-DD";
    let directory = PathBuf::from(std::env::args_os().nth(1).ok_or(usage)?);
    let date = std::env::args().nth(2).ok_or(usage)?;
    let mut osmon = osmon::cli::parser(TABLE).disable_help_subcommand(true);
    osmon.build();
    let names: Vec<String> = osmon.get_subcommands().map(|command| format!("osmon-{}", command.get_name())).collect();
    write(&directory, "man/man1/osmon.1", &page(&osmon, "osmon", &date, &names)?)?;
    for (command, name) in osmon.get_subcommands().zip(&names) {
        write(&directory, &format!("man/man1/{name}.1"), &page(command, name, &date, &["osmon".to_string()])?)?;
    }
    for (shell, file) in [
        (Shell::Bash, "bash-completion/completions/osmon"),
        (Shell::Zsh, "zsh/site-functions/_osmon"),
        (Shell::Fish, "fish/vendor_completions.d/osmon.fish"),
    ] {
        write(&directory, file, &completions::script(TABLE, shell)?)?;
    }
    Ok(())
}

fn write(directory: &Path, file: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let path = directory.join(file);
    fs::create_dir_all(path.parent().unwrap_or(directory))?;
    Ok(fs::write(path, text)?)
}

/// The man page of a command. The paragraphs at the end of its help become sections.
fn page(command: &clap::Command, name: &str, date: &str, others: &[String]) -> Result<String, Box<dyn Error>> {
    let end = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let is_group = command.has_subcommands();
    // Options that only the long help shows have a text in the page too.
    let command = command.clone().display_name(name).mut_args(|option| option.hide_short_help(false));
    let version = format!("osmon {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command).title(name.to_uppercase()).date(date).source(version).manual("osmon");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if is_group {
        man.render_subcommands_section(&mut page)?;
    }
    for paragraph in end.split("\n\n") {
        section(paragraph).to_writer(&mut page)?;
    }
    see_also(others).to_writer(&mut page)?;
    let page = String::from_utf8(page)?;
    Ok(tidy(&page))
}

/// Without what a strict reader of man pages complains about: long lines, blanks at their end, breaks after a space.
fn tidy(page: &str) -> String {
    let (mut tidy, mut is_literal) = (String::new(), false);
    for line in page.lines().map(str::trim_end) {
        is_literal = line == ".nf" || is_literal && line != ".fi";
        let mut column = 0;
        for word in line.split(' ') {
            let is_text = !is_literal && !line.starts_with('.') && !word.starts_with(['.', '\'']);
            if column > 0 && is_text && column + word.len() >= WIDTH {
                tidy.push('\n');
                column = 0;
            } else if column > 0 {
                tidy.push(' ');
            }
            tidy.push_str(word);
            column += word.len() + 1;
        }
        tidy.push('\n');
    }
    let pairs = [("\n\n.br\n", "\n.sp\n"), ("\n.br\n.sp\n", "\n.sp\n"), ("\n.br\n\n", "\n.sp\n"), ("\n\n", "\n")];
    pairs.iter().fold(tidy, |tidy, (from, to)| tidy.replace(from, to))
}

/// A paragraph as a section, with its first line as the heading if that ends with a colon.
fn section(paragraph: &str) -> Roff {
    let mut roff = Roff::new();
    let (heading, lines) = match paragraph.split_once(":\n") {
        Some((heading, lines)) if !heading.contains('\n') => (heading.to_uppercase(), lines),
        _ => ("NOTES".to_string(), paragraph),
    };
    roff.control("SH", [heading.as_str()]).control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    roff.control("fi", []);
    roff
}

fn see_also(names: &[String]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    for (at, name) in names.iter().enumerate() {
        let end = if at + 1 < names.len() { "(1)," } else { "(1)" };
        roff.text([bold(name.as_str()), roman(end)]);
    }
    roff.text([roman("Documentation: /usr/share/doc/osmon")]);
    roff
}

//! The program: one on the PATH, and the one that is scheduled.

use super::check::Check;
use crate::base::subprocess;
use crate::setup::schedule::{Found, Role, own_programs};
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time limit of `osmon --version`.
const LIMIT: Duration = Duration::from_secs(1);

/// Version, other programs of the same name, and the one that is scheduled.
pub fn checks(found: &[Found]) -> Vec<Check> {
    let own = concat!("osmon ", env!("CARGO_PKG_VERSION"));
    let this = env::current_exe().unwrap_or_default();
    let path = env::var_os("PATH").unwrap_or_default();
    let mut all: Vec<PathBuf> = Vec::new();
    for program in env::split_paths(&path).map(|directory| directory.join("osmon")).filter(|path| path.is_file()) {
        let program = real(&program);
        if !all.contains(&program) {
            all.push(program);
        }
    }
    let scheduled = found.iter().find(|found| found.role == Role::Minute).and_then(|found| program_of(&found.command));
    vec![version(own, &this, &all, scheduled.as_deref(), said_version)]
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// The program of a scheduled command line.
fn program_of(command: &str) -> Option<PathBuf> {
    let measures = |program: &&str| matches!(program.rsplit('/').next(), Some("osmon" | "osmon-probe"));
    own_programs(command).find(measures).map(PathBuf::from)
}

fn said_version(program: &Path) -> Option<String> {
    let done = subprocess::run(&program.display().to_string(), &["--version".to_string()], Vec::new(), LIMIT).ok()?;
    let text = String::from_utf8_lossy(&done.stdout).trim().replacen("osmon-probe", "osmon", 1);
    (done.code == Some(0)).then_some(text)
}

fn version(
    own: &str,
    this: &Path,
    on_path: &[PathBuf],
    scheduled: Option<&Path>,
    said: impl Fn(&Path) -> Option<String>,
) -> Check {
    if let Some(scheduled) = scheduled {
        let shown = scheduled.display();
        match said(scheduled) {
            None => {
                return Check::fail(
                    "version",
                    format!("the schedule runs {shown}, which does not start"),
                    "osmon schedule auto",
                );
            }
            Some(other) if other != own => {
                let text = format!("this is {own} ({}), the schedule runs {other} ({shown})", this.display());
                return Check::warn("version", text, format!("ls -l {shown} {}", this.display()));
            }
            Some(_) => {}
        }
    }
    if on_path.len() > 1 {
        let all: Vec<String> = on_path.iter().map(|path| path.display().to_string()).collect();
        let text = format!("{own}; several programs are called osmon: {}", all.join(", "));
        return Check::warn("version", text, "type -a osmon; remove the one you do not use");
    }
    Check::ok("version", format!("{own} ({})", this.display()))
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn one_program_of_one_version_is_well() {
        let (this, other) = (Path::new("/usr/bin/osmon"), Path::new("/usr/local/bin/osmon"));
        let said = |text: &'static str| move |_: &Path| Some(text.to_string());
        let both = [this.to_path_buf(), other.to_path_buf()];
        assert_eq!(version("osmon 1", this, &both[..1], Some(this), said("osmon 1")).state, State::Ok);
        assert_eq!(version("osmon 1", this, &both, None, said("osmon 1")).state, State::Warn);
        let older = version("osmon 2", this, &[], Some(other), said("osmon 1"));
        assert!(older.state == State::Warn && older.text.contains("osmon 1 (/usr/local/bin/osmon)"), "{older:?}");
        assert_eq!(version("osmon 1", this, &[], Some(other), |_| None).state, State::Fail);
    }

    #[test]
    fn the_program_of_a_schedule_is_found() {
        let cases = [
            ("/usr/bin/osmon run", Some("/usr/bin/osmon")),
            ("[ -x /opt/osmon ] && nice /opt/osmon run", Some("/opt/osmon")),
            ("/usr/bin/osmon-probe; /usr/bin/osmon-graph", Some("/usr/bin/osmon-probe")),
            ("osmon run", None),
        ];
        for (command, expected) in cases {
            assert_eq!(program_of(command), expected.map(PathBuf::from), "{command}");
        }
    }
}

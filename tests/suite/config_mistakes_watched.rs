//! Mistakes in `[process.NAME]` and `[freshness.NAME]`, planted by `config_mistakes`.

use super::config_mistakes_heal::Mistake;

/// Each may stand beside any other.
pub const WATCHED_MISTAKES: [Mistake; 19] = [
    ("process.typo", "mach = \"nginx\"", "process.typo.mach", "did you mean \"match\"?"),
    ("process.empty", "user = \"shop\"", "process.empty.match", "is required: the name of the program"),
    ("process.path", "match = \"/usr/bin/x\"", "process.path.match", "is a path"),
    (
        "process.many",
        "match = \"x\"\nat_least = 3\nat_most = 2",
        "process.many.at_most",
        "must not be below at_least (3)",
    ),
    ("process.few", "match = \"x\"\nat_most = -1", "process.few.at_most", "must not be negative"),
    ("process.list", "match = [\"x\"]", "process.list.match", "expected a string"),
    ("freshness.typo", "pth = \"/etc/passwd\"\nmax_age = \"1h\"", "freshness.typo.pth", "did you mean \"path\"?"),
    ("freshness.none", "max_age = \"1h\"", "freshness.none.path", "is required: the file whose age counts"),
    (
        "freshness.both",
        "path = \"/etc/passwd\"\ncommand = [\"/bin/true\"]\nmax_age = \"1h\"",
        "freshness.both.path",
        "not both",
    ),
    ("freshness.old", "path = \"/etc/passwd\"", "freshness.old.max_age", "is required"),
    ("freshness.age", "path = \"/etc/passwd\"\nmax_age = \"1 moon\"", "freshness.age.max_age", "is not a duration"),
    ("freshness.young", "path = \"/etc/passwd\"\nmax_age = \"1s\"", "freshness.young.max_age", "at least 1 min"),
    ("freshness.here", "path = \"dump.gz\"\nmax_age = \"1h\"", "freshness.here.path", "absolute path"),
    ("freshness.deep", "path = \"/e*/passwd\"\nmax_age = \"1h\"", "freshness.deep.path", "only the last part"),
    ("freshness.shell", "command = [\"date\"]\nmax_age = \"1h\"", "freshness.shell.command", "there is no shell"),
    ("freshness.text", "command = \"/bin/date\"\nmax_age = \"1h\"", "freshness.text.command", "expected a list"),
    (
        "freshness.slow",
        "command = [\"/bin/true\"]\nmax_age = \"1h\"\ntimeout = \"5s\"",
        "freshness.slow.timeout",
        "at most 4 s",
    ),
    (
        "freshness.stray",
        "path = \"/etc/passwd\"\nmax_age = \"1h\"\nevery = \"1h\"",
        "freshness.stray.every",
        "belongs to \"command\"",
    ),
    (
        "freshness.gone",
        "path = \"/nonexistent/x\"\nmax_age = \"1h\"",
        "freshness.gone.path",
        "there is no directory /nonexistent",
    ),
];

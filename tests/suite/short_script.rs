//! The script of the page, shortened: it stays what it was.

use super::harness::{repository, skip, tool};

#[allow(dead_code)]
#[path = "../../build/script.rs"]
mod script;

use script::shortened;

#[test]
fn names_become_short_and_nothing_else_changes() {
    let cases = [
        ("const value = 1; // one\nvalue;\n", "let a=1;a;"),
        // Properties, keys, words of the language and names of the browser stay; text behind // in a string is no comment.
        (
            "first.value = {key: first, value: first}; document.key(\"// key\");",
            "a.value={key:a,value:a};document.key(\"// key\");",
        ),
        ("const {abs: abs, min: min} = Math; abs(min ? abs : min);", "let{abs:a,min:b}=Math;a(b?a:b);"),
        ("f(...list, list?.length ?? 0);", "b(...a,a?.length??0);"),
        ("if (a) { b(); }", "if(a){b()}"),
        // Blanks that keep two words or signs apart.
        ("return value; one - -two + +three; four++ + five;", "return f;c- -e+ +d;b++ +a;"),
        // Templates in templates, and patterns; a division is none.
        ("`a ${one + `b ${two} c`} d }`; one;", "`a ${a+`b ${b} c`} d }`;a;"),
        ("text.split(/[#, a]/g); (text) / 2 / text; text /= 2;", "a.split(/[#, a]/g);(a)/2/a;a/=2;"),
        (r#"x = 'it\'s // "x"';"#, r#"a='it\'s // "x"';"#),
    ];
    for (long, short) in cases {
        assert_eq!(shortened(long).unwrap(), short, "{long}");
    }
    for broken in ["x = \"open\n\";", "x = `open", "x = `a ${b"] {
        assert!(shortened(broken).is_err(), "{broken}");
    }
}

#[test]
fn the_script_of_the_page_is_half_as_long_and_still_one() {
    let long = std::fs::read_to_string(repository("templates/report/script.js")).unwrap();
    let short = shortened(&long).unwrap();
    assert!(short.len() * 2 < long.len() && !short.contains('\n'), "{} of {}", short.len(), long.len());
    if tool("node", &["--version"]).code != 0 {
        return skip("the syntax of the script", "Node.js is not installed");
    }
    let file = tempfile::Builder::new().suffix(".js").tempfile().unwrap();
    std::fs::write(file.path(), short).unwrap();
    let done = tool("node", &["--check", &file.path().display().to_string()]);
    assert_eq!(done.code, 0, "{}", done.err);
}

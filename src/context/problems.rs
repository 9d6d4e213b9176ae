//! Messages about mistakes and doubtful settings in the configuration.

use super::Context;

impl Context {
    /// Reports each mistake of the configuration, and what is used instead.
    pub fn say_problems(&self) {
        self.say_problems_outside("");
    }

    /// Like [`Self::say_problems`], without the mistakes of a section.
    pub fn say_problems_outside(&self, section: &str) {
        for problem in self.problems.iter().filter(|problem| problem.path.first().is_none_or(|first| first != section))
        {
            // The data directory is used all the same, so that no second history begins.
            let instead = match problem.path.as_slice() {
                [key] if key == "data_dir" => self.config.data_dir.display().to_string(),
                _ => self.instead.to_string(),
            };
            self.out.warn(&format!("{problem}; going on with {instead}"));
        }
    }

    /// Settings that are valid but probably unintended.
    pub fn warnings(&self) -> Vec<String> {
        self.loaded.warnings().iter().map(ToString::to_string).collect()
    }

    /// Prints warnings about settings that are valid but probably unintended.
    pub fn say_warnings(&self) {
        for warning in self.warnings() {
            self.out.warn(&format!("warning: {warning}"));
        }
    }
}

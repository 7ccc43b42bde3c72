//! Definitions to begin with.

use crate::definition::Text;

/// A complete, commented definition in which an author replaces what is special.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// One deciding agency, supplements, withdrawal.
    Simple,
    /// Another office may have to verify something.
    Verification,
    /// Several agencies are asked at the same time.
    Consultation,
}

/// What stands in the templates for the code and the names.
const CODE: &str = "\"1.000000\"";
const NAME_VI: &str = "\"TÊN THỦ TỤC\"";
const NAME_EN: &str = "\"NAME OF THE PROCEDURE\"";

impl Template {
    /// Every template.
    pub const ALL: [Template; 3] = [Self::Simple, Self::Verification, Self::Consultation];

    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Verification => "verification",
            Self::Consultation => "consultation",
        }
    }

    /// The template as it is written.
    pub fn source(self) -> &'static str {
        match self {
            Self::Simple => include_str!("../templates/simple.yaml"),
            Self::Verification => include_str!("../templates/verification.yaml"),
            Self::Consultation => include_str!("../templates/consultation.yaml"),
        }
    }

    /// The template with a code and a name. Whether they are a code and a name, a check of the
    /// text tells.
    pub fn fill(self, code: &str, name: &Text) -> String {
        let source = self.source();
        let pieces = [(CODE, code), (NAME_VI, &name.vi), (NAME_EN, &name.en)];
        let fill =
            |source: String, (mark, value): (&str, &str)| source.replacen(mark, &quoted(value), 1);
        pieces.into_iter().fold(source.to_owned(), fill)
    }
}

/// Text in double quotes; what JSON writes in them YAML reads alike.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Finding, check};

    #[track_caller]
    fn findings(template: Template) -> Vec<String> {
        let name =
            Text { vi: "Cấp giấy \"phép\": thử".into(), en: "It's a #permit: {x}".into() };
        let report = check(template.fill("2.001234", &name).as_bytes());
        if let Some(procedure) = &report.procedure {
            assert_eq!(procedure.definition().code, "2.001234");
            assert_eq!(procedure.definition().name, name);
        }
        let shown = |f: &Finding| format!("{}: {} at {}: {}", f.line, f.code, f.path, f.message);
        report.findings.iter().map(shown).collect()
    }

    #[test]
    fn the_simple_template_is_sound_without_a_warning() {
        assert_eq!(findings(Template::Simple), Vec::<String>::new());
    }

    #[test]
    fn the_verification_template_is_sound_without_a_warning() {
        assert_eq!(findings(Template::Verification), Vec::<String>::new());
    }

    #[test]
    fn the_consultation_template_is_sound_without_a_warning() {
        assert_eq!(findings(Template::Consultation), Vec::<String>::new());
    }

    #[test]
    fn every_template_can_be_read_and_has_the_marks_once() {
        for template in Template::ALL {
            let source = template.source();
            for mark in [CODE, NAME_VI, NAME_EN] {
                assert_eq!(source.matches(mark).count(), 1, "{mark} in {}", template.as_str());
            }
            let root = crate::yaml::read(source.as_bytes()).root.expect("YAML");
            let mut reader = crate::read::Reader::new(&root);
            assert!(reader.read().is_some());
            let found: Vec<String> =
                reader.into_findings().into_iter().map(|found| found.message).collect();
            assert_eq!(found, Vec::<String>::new(), "{}", template.as_str());
        }
    }
}

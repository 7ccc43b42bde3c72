//! Notes differences with their places.

use super::words::{Said, both, listed};
use super::{Change, ChangeKind};
use crate::definition::Text;
use crate::guard::Guard;

/// A word in Vietnamese and English.
pub(super) type Label = (&'static str, &'static str);

/// A part of the definition: its path, and what a reader calls it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) path: String,
    called: Text,
}

impl Place {
    /// The definition as a whole, which needs no name.
    pub(super) fn root() -> Self {
        Self { path: String::new(), called: both("", "") }
    }

    /// The part under `key`.
    pub(super) fn part(&self, key: &str, called: Text) -> Self {
        Self { path: self.at(key), called: self.said(&called, ", ") }
    }

    /// The part with that id in the list under `key`: `document D4 (Birth certificate)`.
    pub(super) fn named(&self, key: &str, noun: Label, id: &str, name: Option<&Text>) -> Self {
        let shown = |noun: &str, name: Option<&String>| match name {
            Some(name) => format!("{noun} {id} ({name})"),
            None => format!("{noun} {id}"),
        };
        let vi = shown(noun.0, name.map(|name| &name.vi));
        let en = shown(noun.1, name.map(|name| &name.en));
        self.part(&format!("{key}/{}", escaped(id)), both(vi, en))
    }

    /// The path of `key` here.
    pub(super) fn at(&self, key: &str) -> String {
        format!("{}/{key}", self.path)
    }

    fn said(&self, tail: &Text, between: &str) -> Text {
        let joined = |head: &str, tail: &str| match head.is_empty() {
            true => tail.to_owned(),
            false => format!("{head}{between}{tail}"),
        };
        both(joined(&self.called.vi, &tail.vi), joined(&self.called.en, &tail.en))
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// How a list of parts is compared.
pub(super) struct Parts<T> {
    /// Key of the list.
    pub(super) key: &'static str,
    /// What one part is called.
    pub(super) noun: Label,
    /// Its id.
    pub(super) id: fn(&T) -> &str,
    /// Its name, if it has one.
    pub(super) name: fn(&T) -> Option<&Text>,
    /// What is worth saying of a new one, if anything.
    pub(super) summary: fn(&T) -> Text,
    /// What is different within one.
    pub(super) compare: fn(&mut Changes, &Place, &T, &T),
}

/// The differences found so far.
#[derive(Debug, Default)]
pub(super) struct Changes {
    list: Vec<Change>,
}

impl Changes {
    /// Everything noted, in order.
    pub(super) fn into_list(self) -> Vec<Change> {
        self.list
    }

    /// Notes a difference of the part under `key`, the part itself where `key` is empty.
    pub(super) fn note(&mut self, kind: ChangeKind, place: &Place, key: &str, tail: &Text) {
        let path = if key.is_empty() { place.path.clone() } else { place.at(key) };
        self.list.push(Change { kind, path, text: place.said(tail, ": ") });
    }

    /// Notes a difference whose words are complete.
    pub(super) fn push(&mut self, change: Change) {
        self.list.push(change);
    }

    /// A new part, with what is worth saying of it.
    pub(super) fn added(&mut self, place: &Place, summary: &Text) {
        let tail = |word: &str, summary: &str| match summary.is_empty() {
            true => word.to_owned(),
            false => format!("{word}; {summary}"),
        };
        let tail = both(tail("mới", &summary.vi), tail("new", &summary.en));
        self.note(ChangeKind::Added, place, "", &tail);
    }

    /// A part that is there no longer.
    pub(super) fn removed(&mut self, place: &Place) {
        self.note(ChangeKind::Removed, place, "", &both("không còn nữa", "no longer there"));
    }

    /// A value: `label: before → after`.
    pub(super) fn value<T: PartialEq + Said>(
        &mut self,
        place: &Place,
        key: &str,
        label: Label,
        before: &T,
        after: &T,
    ) {
        if before != after {
            let (from, to) = T::change(before, after);
            self.arrow(place, key, label, &from, &to);
        }
    }

    /// `label: from → to`, known to be different.
    pub(super) fn arrow(&mut self, place: &Place, key: &str, label: Label, from: &Text, to: &Text) {
        let vi = format!("{}: {} → {}", label.0, from.vi, to.vi);
        let en = format!("{}: {} → {}", label.1, from.en, to.en);
        self.note(ChangeKind::Changed, place, key, &both(vi, en));
    }

    /// Something that holds or not, with the words for its coming and going.
    pub(super) fn flag(&mut self, place: &Place, key: &str, words: [Label; 2], pair: (bool, bool)) {
        if pair.0 != pair.1 {
            let (vi, en) = if pair.1 { words[0] } else { words[1] };
            self.note(ChangeKind::Changed, place, key, &both(vi, en));
        }
    }

    /// A text in both languages, each of which may change alone.
    pub(super) fn text(
        &mut self,
        place: &Place,
        key: &str,
        label: Label,
        before: &Text,
        after: &Text,
    ) {
        let Text { vi, en } = before;
        let languages = [
            ("vi", "tiếng Việt", "Vietnamese", vi, &after.vi),
            ("en", "tiếng Anh", "English", en, &after.en),
        ];
        for (language, in_vi, in_en, from, to) in languages {
            if from != to {
                let vi = format!("{} ({in_vi}): “{from}” → “{to}”", label.0);
                let en = format!("{} ({in_en}): “{from}” → “{to}”", label.1);
                let key = format!("{key}/{language}");
                self.note(ChangeKind::Changed, place, &key, &both(vi, en));
            }
        }
    }

    /// Values whose order says nothing: which came, which went.
    pub(super) fn set<T: PartialEq + Said>(
        &mut self,
        place: &Place,
        key: &str,
        label: Label,
        before: &[T],
        after: &[T],
    ) {
        let only_in = |these: &[T], those: &[T]| {
            listed(these.iter().filter(|value| !those.contains(value)).map(Said::said))
        };
        let come = only_in(after, before);
        let gone = only_in(before, after);
        let mut vi = Vec::new();
        let mut en = Vec::new();
        if let Some(come) = come {
            vi.push(format!("thêm {}", come.vi));
            en.push(format!("now also {}", come.en));
        }
        if let Some(gone) = gone {
            vi.push(format!("bỏ {}", gone.vi));
            en.push(format!("no longer {}", gone.en));
        }
        if !vi.is_empty() {
            let vi = format!("{}: {}", label.0, vi.join("; "));
            let en = format!("{}: {}", label.1, en.join("; "));
            self.note(ChangeKind::Changed, place, key, &both(vi, en));
        }
    }

    /// A condition; `what` is said of the part when it holds: `asked for`.
    pub(super) fn guard(
        &mut self,
        place: &Place,
        what: Label,
        before: Option<&Guard>,
        after: Option<&Guard>,
    ) {
        let tail = match (before.map(Guard::text), after.map(Guard::text)) {
            (before, after) if before == after => return,
            (None, Some(now)) => both(
                format!("chỉ {} khi `{now}`, không còn luôn luôn", what.0),
                format!("{} only when `{now}`, no longer always", what.1),
            ),
            (Some(old), None) => both(
                format!("luôn {}, không còn chỉ khi `{old}`", what.0),
                format!("always {}, no longer only when `{old}`", what.1),
            ),
            (Some(old), Some(now)) => both(
                format!("{} khi `{now}`, thay cho khi `{old}`", what.0),
                format!("{} when `{now}`, instead of when `{old}`", what.1),
            ),
            (None, None) => return,
        };
        self.note(ChangeKind::Changed, place, "when", &tail);
    }

    /// Parts that have ids: which came, which went, and what is different within the others.
    pub(super) fn parts<T>(&mut self, place: &Place, how: &Parts<T>, before: &[T], after: &[T]) {
        let named = |part: &T| place.named(how.key, how.noun, (how.id)(part), (how.name)(part));
        for old in before {
            match after.iter().find(|now| (how.id)(now) == (how.id)(old)) {
                Some(now) => (how.compare)(self, &named(old), old, now),
                None => self.removed(&named(old)),
            }
        }
        let known = |part: &&T| !before.iter().any(|old| (how.id)(old) == (how.id)(part));
        for part in after.iter().filter(known) {
            self.added(&named(part), &(how.summary)(part));
        }
    }

    /// The order of parts where it decides; parts that came or went are another matter.
    pub(super) fn order(
        &mut self,
        place: &Place,
        key: &str,
        label: Label,
        before: &[&str],
        after: &[&str],
    ) {
        let kept = |these: &[&str], those: &[&str]| {
            let kept: Vec<String> =
                these.iter().filter(|id| those.contains(id)).map(|id| (*id).to_owned()).collect();
            kept.join(", ")
        };
        let (old, now) = (kept(before, after), kept(after, before));
        if old != now {
            let vi = format!("{}: {old} → {now}", label.0);
            let en = format!("{}: {old} → {now}", label.1);
            self.note(ChangeKind::Reordered, place, key, &both(vi, en));
        }
    }
}

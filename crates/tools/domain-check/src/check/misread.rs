//! Finds text that reads otherwise than the compiled code: a first line that the compiler skips, and tokens of macros
//! that run together when the compiler prints them.

use crate::finding::{Finding, Findings, Rule};

/// Returns the part of a source file that the compiler reads. The compiler skips the first line if that line names an
/// interpreter (`#!/bin/sh`).
pub(super) fn compiled(source: &str) -> &str {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    if has_shebang(source) {
        source.find('\n').map_or("", |end| &source[end..])
    } else {
        source
    }
}

/// Whether a source file begins with a line that only some readers skip.
pub(super) fn has_shebang(source: &str) -> bool {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let rest = source.strip_prefix("#!");
    rest.is_some_and(|rest| !rest.starts_with('['))
}

/// Finds where printed code may read otherwise than it was compiled.
///
/// When the compiler prints a syntax tree, the text reads as the source did. But it prints bodies of macros and
/// arguments of attributes as lists of tokens. There, two tokens that were separate in the source may touch, and read
/// as `/*` or `r"`. In these lists every place that begins like that is refused. The text is read from its start, so
/// everything before the first such place was read as it was compiled.
pub(super) fn printed(text: &str) -> Findings {
    let mut reader = Reader {
        text,
        at: 0,
        open: Vec::new(),
        list: None,
        last: Default::default(),
    };
    match reader.read() {
        Some(what) => {
            let line = text[..reader.at].lines().last().unwrap_or_default().trim();
            let what = format!(
                "{what} in a list of tokens, whose printed form may read differently from the source, after: {line}"
            );
            vec![Finding::new(Rule::Misread, what)]
        }
        None => Findings::new(),
    }
}

/// A token that determines how the next one reads.
#[derive(Clone, Copy, Default, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Mark(char),
    #[default]
    Other,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// For each open delimiter, whether it is an attribute's.
    open: Vec<bool>,
    /// The number of open delimiters when the current list of tokens began.
    list: Option<usize>,
    /// The last three tokens, the latest last.
    last: [Token<'a>; 3],
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next_is(&self, test: impl Fn(char) -> bool) -> bool {
        self.rest().starts_with(test)
    }

    fn push(&mut self, token: Token<'a>) {
        self.last = [self.last[1], self.last[2], token];
    }

    /// Reads up to the first ambiguous token.
    fn read(&mut self) -> Option<&'static str> {
        while let Some(next) = self.rest().chars().next() {
            let rest = self.rest();
            let in_list = self.list.is_some();
            match next {
                _ if next.is_whitespace() => self.at += next.len_utf8(),
                '/' if rest.starts_with("//") || rest.starts_with("/*") => {
                    if in_list {
                        return Some("a comment");
                    }
                    self.comment();
                }
                '"' => self.string(),
                '\'' => {
                    if self.quote() && in_list && self.touches() {
                        return Some("a character that touches the next token");
                    }
                }
                _ if is_word(next) => {
                    if let Some(what) = self.word(in_list) {
                        return Some(what);
                    }
                }
                _ => self.mark(next),
            }
        }
        None
    }

    fn comment(&mut self) {
        let rest = self.rest();
        if rest.starts_with("//") {
            self.at += rest.find('\n').unwrap_or(rest.len());
            return;
        }
        let mut depth = 0_u32;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            if rest.starts_with(b"/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with(b"*/") {
                depth -= 1;
                self.at += 2;
            } else if rest.is_empty() {
                return;
            } else {
                self.at += 1;
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        let mut escaped = false;
        let mut chars = self.rest().char_indices().skip(1);
        let end = chars.find(|&(_, next)| {
            let ends = next == '"' && !escaped;
            escaped = next == '\\' && !escaped;
            ends
        });
        self.at += end.map_or(self.rest().len(), |(at, _)| at + 1);
        self.push(Token::Other);
    }

    /// Reads a character or a lifetime. Returns whether the token is a character literal that would read as a
    /// lifetime without its last quote.
    fn quote(&mut self) -> bool {
        self.push(Token::Other);
        let mut chars = self.rest().chars().skip(1);
        let first = chars.next().unwrap_or_default();
        if first == '\\' {
            // The quote after the backslash may be the character itself.
            let end = self.rest().get(3..).and_then(|rest| rest.find('\''));
            self.at += end.map_or(self.rest().len(), |end| 3 + end + 1);
            return false;
        }
        let is_character = chars.next() == Some('\'');
        self.at += 1 + first.len_utf8() + usize::from(is_character);
        if !is_character {
            self.skip_word();
        }
        is_character && is_word(first)
    }

    /// Whether the next token touches the character literal that was just read. If it does, the source may have had a
    /// lifetime in this place, and the quote that seems to end the literal may have begun the next token.
    fn touches(&self) -> bool {
        let mut chars = self.rest().chars();
        match chars.next() {
            Some(next) if next.is_whitespace() => false,
            Some('\'' | '"' | '\\') => true,
            Some(next) => is_word(next) || chars.next() == Some('\''),
            None => false,
        }
    }

    fn skip_word(&mut self) {
        let rest = self.rest();
        self.at += rest.find(|next| !is_word(next)).unwrap_or(rest.len());
    }

    fn word(&mut self, in_list: bool) -> Option<&'static str> {
        let begin = self.at;
        self.skip_word();
        let mut word = &self.text[begin..self.at];
        let hashes = self.rest().len() - self.rest().trim_start_matches('#').len();
        let quoted = self.rest()[hashes..].starts_with('"');
        if matches!(word, "r" | "br" | "cr") && quoted {
            if in_list {
                self.at = begin;
                return Some("a raw string");
            }
            let end = format!("\"{}", "#".repeat(hashes));
            let inner = hashes + 1;
            let length = self.rest()[inner..].find(&end);
            self.at += length.map_or(self.rest().len(), |length| inner + length + end.len());
            word = "";
        } else if word == "r" && hashes == 1 {
            self.at += 1;
            let begin = self.at;
            self.skip_word();
            word = &self.text[begin..self.at];
        } else if in_list
            && self.next_is(|next| matches!(next, '"' | '\''))
            && !matches!(word, "b" | "c")
        {
            return Some("a word that touches a quote");
        }
        self.push(Token::Word(word));
        None
    }

    fn mark(&mut self, mark: char) {
        self.at += mark.len_utf8();
        match mark {
            '(' | '[' | '{' => {
                let attribute = mark == '['
                    && match self.last {
                        [_, Token::Mark('#'), Token::Mark('!')] => true,
                        [.., last] => last == Token::Mark('#'),
                    };
                let definition = matches!(
                    self.last,
                    [Token::Word("macro_rules"), Token::Mark('!'), Token::Word(_)]
                );
                let arguments = self.open.last() == Some(&true);
                if self.list.is_none() && (definition || arguments) {
                    self.list = Some(self.open.len());
                }
                self.open.push(attribute);
            }
            ')' | ']' | '}' => {
                self.open.pop();
                if self.list == Some(self.open.len()) {
                    self.list = None;
                }
            }
            _ => {}
        }
        self.push(Token::Mark(mark));
    }
}

fn is_word(next: char) -> bool {
    next == '_' || next.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::{compiled, has_shebang, printed};

    /// Invariant: CHECK-6
    #[test]
    fn only_attributes_may_begin_with_a_shebang() {
        assert!(!has_shebang("#![no_std]") && !has_shebang("// #!/bin/sh"));
        assert!(has_shebang("#!/bin/sh /*\n") && has_shebang("\u{feff}#! [no_std]"));
        assert_eq!(compiled("#!/bin/sh /*\nfn f() {}"), "\nfn f() {}");
    }

    /// Invariant: CHECK-6
    #[test]
    fn tokens_that_may_join_are_refused() {
        for (source, says) in [
            (
                "macro_rules! m { () => { /* } } fn f() {} */ } }",
                "a comment",
            ),
            ("macro_rules! m { () => { // } }", "a comment"),
            (
                "macro_rules! m { () => { r#\"a\" } } \"# } }",
                "a raw string",
            ),
            (
                "macro_rules! m { () => { r\"\\\" } } \" } }",
                "a raw string",
            ),
            ("macro_rules! m { () => { 'r'\"' } }", "a character"),
            ("macro_rules! m { () => { 'r'\\'' } }", "a character"),
            ("macro_rules! m { () => { 'r'(' } }", "a character"),
            ("macro_rules! m { () => { x\"y\" } }", "a word"),
            ("macro_rules! r#m { () => { /* } }", "a comment"),
            (
                "#[diagnostic::on_unimplemented(/* )] */ )] fn f() {}",
                "a comment",
            ),
            ("#![doc(r\"\")] fn f() {}", "a raw string"),
        ] {
            let findings = printed(source);
            assert!(
                findings.len() == 1 && findings[0].message.starts_with(says),
                "{source}: {findings:?}"
            );
        }
    }

    #[test]
    fn code_printed_from_syntax_is_unambiguous() {
        for source in [
            "/* a { ( */ fn f() {} // b {\n/// c\nfn g() { r#\"macro_rules! m { // } \"#; 'a'; '\"'; '\\''; b'\"' }",
            "macro_rules! m { ($a:lifetime) => { &'a 'x' , ('b') \"// /* \\\" r\" b\"x\" a / b * c r#type } } // end",
            "#[doc = r\"// text\"] fn f<'a>(x: &'a str) { let r = 1; r } /* end */",
            "#[allow(unused)] /* a comment */ fn f() {}",
        ] {
            let findings = printed(source);
            assert!(findings.is_empty(), "{source}: {findings:?}");
        }
    }
}

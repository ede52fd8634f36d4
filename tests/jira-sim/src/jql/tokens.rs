//! The words and signs of a query.

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A bare word, which may be a keyword.
    Word(String),
    /// In quotes; never a keyword.
    Quoted(String),
    Sign(&'static str),
}

const SIGNS: [&str; 12] = ["!=", "!~", "<=", ">=", "&&", "||", "=", "~", "<", ">", "(", ")"];

pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '\'' {
            let (word, after) = quoted(rest, first)?;
            tokens.push(Token::Quoted(word));
            rest = after;
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else if first == ',' {
            tokens.push(Token::Sign(","));
            rest = &rest[1..];
        } else if first == '!' {
            tokens.push(Token::Sign("!"));
            rest = &rest[1..];
        } else {
            let (word, after) = bare(rest)?;
            tokens.push(Token::Word(word));
            rest = after;
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

fn quoted(text: &str, quote: char) -> Result<(String, &str), String> {
    let mut word = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some((_, 'n')) => word.push('\n'),
                Some((_, 't')) => word.push('\t'),
                Some((_, escaped)) => word.push(escaped),
                None => break,
            },
            end if end == quote => return Ok((word, &text[at + end.len_utf8()..])),
            other => word.push(other),
        }
    }
    Err(format!("Error in the JQL Query: The quoted string '{}' has not been completed.", &text[1..]))
}

fn bare(text: &str) -> Result<(String, &str), String> {
    let mut in_brackets = false;
    let mut end = text.len();
    for (at, character) in text.char_indices() {
        match character {
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            _ if in_brackets => {}
            _ if character.is_whitespace() || "\"'=!~<>(),&|".contains(character) => {
                end = at;
                break;
            }
            '*' | '{' | '}' | '%' | '#' | '$' | '^' | ';' | '?' | '`' => {
                return Err(format!(
                    "Error in the JQL Query: The character '{character}' is a reserved JQL character. You must \
                     enclose it in a string or use the escape."
                ));
            }
            _ => {}
        }
    }
    if end == 0 {
        let character = text.chars().next().unwrap_or(' ');
        return Err(format!(
            "Error in the JQL Query: The character '{character}' is a reserved JQL character."
        ));
    }
    Ok((text[..end].to_owned(), &text[end..]))
}

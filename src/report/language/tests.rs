//! Which language is wanted, how sentences are found, and what becomes of what is put into them.

use super::*;

fn wanted(environment: &[(&str, &str)]) -> Language {
    Language::wanted(|name| {
        environment.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
    })
}

#[test]
fn the_flag_of_the_environment_comes_before_the_locale() {
    assert_eq!(wanted(&[]), Language::English);
    for locale in ["zh", "zh_CN.UTF-8", "zh-Hans", "zh_TW", "zh.utf8", "zh@pinyin"] {
        assert_eq!(wanted(&[("LANG", locale)]), Language::Chinese, "{locale}");
        assert_eq!(wanted(&[("CONC_LANG", locale), ("LANG", "C")]), Language::Chinese, "{locale}");
    }
    assert_eq!(wanted(&[("CONC_LANG", "en"), ("LANG", "zh_CN.UTF-8")]), Language::English);
    assert_eq!(wanted(&[("CONC_LANG", ""), ("LANG", "zh_CN.UTF-8")]), Language::Chinese);
    assert_eq!(wanted(&[("LC_ALL", "C"), ("LANG", "zh_CN.UTF-8")]), Language::English);
    assert_eq!(wanted(&[("LC_MESSAGES", "zh_CN"), ("LANG", "de_DE")]), Language::Chinese);
    assert_eq!(wanted(&[("LANG", "zhuang")]), Language::English);
    assert_eq!(wanted(&[("CONC_LANG", "zh+missing")]), Language::ChineseMarked);
}

const SMALL: &str = r#"
msgid ""
msgstr "Language: zh\n"

#: somewhere
msgid "nothing waits"
msgstr "谁也不等"

msgid "undefined name \"{0}\""
msgstr "未定义的名字 \"{0}\""

msgid "expected a name{0}"
msgstr "应当是名字{0}"

msgid ", found `{0}`"
msgstr "，却是 `{0}`"

msgid "{0} of {1} failed"
msgstr "{1} 中有 {0} 个失败"

msgid "{0} threads"
msgstr "{0} 个线程"

msgid "{0} (line {1})"
msgstr "{0}（第 {1} 行）"

msgid "waits for {0}"
msgstr "等待 {0}"

msgid "first\n"
"second"
msgstr ""
"一\n"
"二"

msgid "not translated yet"
msgstr ""
"#;

fn say(text: &str) -> String {
    Catalogue::read(SMALL).translate(text, true)
}

#[test]
fn sentences_are_found_whole_and_with_holes() {
    assert_eq!(say("nothing waits"), "谁也不等");
    assert_eq!(say("  nothing waits\n"), "  谁也不等\n");
    assert_eq!(say("first\nsecond"), "一\n二");
    assert_eq!(say("undefined name \"x\""), "未定义的名字 \"x\"");
    assert_eq!(say("undefined name \"\""), "未定义的名字 \"\"");
    // Whatever stands between quotes is of the script.
    assert_eq!(say("undefined name \"nothing waits\""), "未定义的名字 \"nothing waits\"");
    assert_eq!(say("undefined name \"a \" b\""), "未定义的名字 \"a \" b\"");
}

#[test]
fn what_is_put_in_is_said_too() {
    assert_eq!(say("1 of 3 threads failed"), "3 个线程中有 1 个失败");
    assert_eq!(say("expected a name, found `)`"), "应当是名字，却是 `)`");
    assert_eq!(say("expected a name"), "应当是名字");
    assert_eq!(say("waits for lock (line 3)"), "等待 lock（第 3 行）");
    // Names are kept, also one that conc has a sentence for.
    assert_eq!(say("waits for threads"), "等待 threads");
    // So is what stands in quotes, though it may read like a sentence; where there is more, that is said.
    assert_eq!(say("waits for \"x of y failed\""), "等待 \"x of y failed\"");
    assert_eq!(say("waits for \"x\" (line 3)"), "等待 \"x\"（第 3 行）");
}

/// What the system says of an error that nobody has translated stands there as it is.
#[test]
fn the_system_is_quoted() {
    let said = |text: &str| Language::ChineseMarked.say(text).into_owned();
    assert_eq!(
        said("cannot read x: No such file or directory (os error 2)"),
        "无法读取 x：没有这个文件或目录"
    );
    assert_eq!(
        said("cannot read x: Protocol not available (os error 92)"),
        "无法读取 x：Protocol not available (os error 92)"
    );
}

#[test]
fn no_space_begins_a_sentence_and_none_stands_before_a_comma() {
    let say = |text: &str| Language::ChineseMarked.say(text).into_owned();
    let said = say("expected a block `{` after `while i < 3`, found `x`");
    assert_eq!(said, "`while i < 3` 后面是 `x`，应当是块 `{`");
    let said = say("expected a block `{` after `while i < 3`");
    assert_eq!(said, "`while i < 3` 后面应当是块 `{`");
}

#[test]
fn what_is_missing_is_marked() {
    assert_eq!(say("not translated yet"), "⟦not translated yet⟧");
    assert_eq!(say("waits for two things"), "等待 ⟦two things⟧");
    assert_eq!(say("waits for \"two things\""), "等待 \"two things\"");
    assert_eq!(say("x = 1"), "x = 1");
    assert_eq!(Catalogue::read(SMALL).translate("not translated yet", false), "not translated yet");
}

#[test]
fn texts_without_end_take_no_time_without_end() {
    let many = "of ".repeat(100_000);
    assert_eq!(say(&format!("{many} failed")), format!("⟦{many} failed⟧"));
    assert_eq!(say(&format!("undefined name \"{many}\"")), format!("未定义的名字 \"{many}\""));
}

#[test]
fn the_real_catalogue_is_read() {
    assert_eq!(Language::Chinese.say("undefined name \"x\""), "未定义的名字 \"x\"");
    assert_eq!(Language::English.say("undefined name \"x\""), "undefined name \"x\"");
    assert_eq!(Language::Chinese.say("not one of its sentences"), "not one of its sentences");
    assert_eq!(Language::ChineseMarked.say("not one of its sentences"), "⟦not one of its sentences⟧");
    assert_eq!(Language::ChineseMarked.say_or_keep("not one of its sentences"), "not one of its sentences");
}

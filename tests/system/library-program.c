/* What a program does with the library: for test_library_install.py, which
   builds it as C and as C++. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mailbox-audit.h>

int main(int argc, char *argv[])
{
	struct mba_rules *rules = mba_rules_new();
	struct mba_audit_settings set;
	struct mba_location location;
	const struct mba_report *report;
	struct mba_audit *audit;
	char *line;
	int ret;

	mba_rules_add_default(rules);
	memset(&set, 0, sizeof(set));
	memset(&location, 0, sizeof(location));
	set.rules = rules;
	location.prefix = "";
	location.type = "private";
	location.driver = "mbox";
	location.index_root = argc > 1 ? argv[1] : "/nonexistent";
	location.mail_root = argc > 2 ? argv[2] : "/nonexistent";
	audit = mba_audit_init(&set);
	mba_audit_add(audit, &location, true);
	ret = mba_audit_run(audit, &report);
	line = mba_json_report(report);
	puts(line);
	free(line);
	mba_audit_deinit(&audit);
	mba_rules_free(&rules);
	return ret == 0 ? 0 : 1;
}

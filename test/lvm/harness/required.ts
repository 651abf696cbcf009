/** With `lvm` among the words of BRICKYARD_REQUIRE, a machine that cannot run this level fails it instead of skipping it. */
export const required = (process.env['BRICKYARD_REQUIRE'] ?? '').split(',').includes('lvm');

/**
 * With BRICKYARD_LVM=whole everything is held to real LVM: ten minutes or more by emulation. Without it, in less than
 * five, the life of a brick: prepare, create, fill, grow, destroy beside a
 * snapshot, a reboot.
 */
export const whole = process.env['BRICKYARD_LVM'] === 'whole';
